const key = ""  + "-----BEGIN PRIVATE KEY-----\n"
  + "MC4CAQAwBQYDK2VwBCIEIAcmEOoSXQFAdGyq1sGUu4x6b8a7CKVLWKtr8NTTDIK7\n"
  + "-----END PRIVATE KEY-----\n"
