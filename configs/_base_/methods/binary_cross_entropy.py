# Binary cross-entropy over the known labels, the baseline of the papers on partial labels.
loss = dict(
    type='PartialAsymmetricLoss',  # the default exponents are 0
    unknown='ignore',  # or 'negative': unknown labels are negatives
)
