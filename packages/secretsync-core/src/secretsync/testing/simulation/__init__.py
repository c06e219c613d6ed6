"""What simulated lives have in common, whatever program lives them: operators and agents have rooms of these names.

story       what happened, in plain words
deeds       what goes wrong or is done, drawn by a seed
kms_deeds   what goes wrong with a KMS
coverage    which fault hit in which phase
violated    that an invariant does not hold
living      what one life needs of its process
plans       what a life has in store
many        lives on all cores, with progress and a balance
shrink      the small life behind a violation
"""
