if text.startswith("-----BEGIN PRIVATE KEY-----"):
    pass
