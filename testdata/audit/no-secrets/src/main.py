PASSWORD = "ENC[AES256_GCM,data:...]"
print("sops:")
