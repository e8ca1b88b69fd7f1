"""Projects of users: from a table and a folder of images to annotation files, a config and a README."""
