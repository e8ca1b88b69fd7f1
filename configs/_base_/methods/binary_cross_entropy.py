# Binary cross-entropy over the known labels, the baseline of the papers on partial labels.
loss = dict(
    type='PartialAsymmetricLoss',  # with its default exponents of 0
    unknown='ignore',  # or 'negative': an unknown label counts as a negative
)
