"""What a training corpus says of a sequence: how often it is there, exactly, nearly or in meaning. No Spark in here."""
