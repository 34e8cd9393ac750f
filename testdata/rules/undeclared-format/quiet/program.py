TEXT = """
; canary-app-note
[database]
name     = clear-name
password = ENC[AES256_GCM,data:4eeGn0+0Q5fyye5O2/+zrGU5+w==,iv:Mf1i9xj/ke7EAs3zC2hMZial+NFPU5M3motdzf/SzeM=,tag:4yqgfGd9Z8VluEVNk8kOHg==,type:str]
token    = ENC[AES256_GCM,data:imDNIvp16aLFDDMkpTXzRg==,iv:R392jANcQ5GSqBzvFTuswlLRZ8GYb7y8K23MwNBQ2yM=,tag:z6fbxUdDJKGIfKkLL+unUQ==,type:str]

[sops]
age__list_0__map_enc       = -----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBUQlRhQjZIdktMUFp3TXlo\nSldzS2U2eE5nQXVJdnFjcStaaC9xK2VzVlFvCklvSVVhSk5XMFlRRk1tbXNoS2Qw\nUmROc1VUVHNPWXhTcjM1czhPQ0lJZ0kKLS0tIDFPWXEwT1hDa1cxUy84dW1Cck9B\nMHhKbEs2SDFJeFd6VmhxYjVEdWN2ZU0K5JJ/plZJtjELPqOmng0bpjFqrt88XsyG\nuG/WME0RPpyLR5tTI88uqFxVamhUbG1Vu7nCsUwDacxWRlMiLKwZFw==\n-----END AGE ENCRYPTED FILE-----\n
age__list_0__map_recipient = age1xvuserz38f3qu7lr7z6ya42dxucuxg33wcks9683gf2xs4vygg8q83nu38
encrypted_regex            = (?i)^(password|token)$
lastmodified               = 2026-11-21T22:03:40Z
mac                        = ENC[AES256_GCM,data:01xAfHNHaWgFQISc1DAfbGeuJtbEix0Uiqp1VZ6MHt7DmLACcPfLVn0wXHgAhxsyznjDReaB6XCnTaZvV3gsg+63Wignx7JFt3Fs2NLIrnj7Z6kyIV64pnVE8ACX1EtOQwFrbzhgocaQtc8wPIQQCbjQcw25L999Dsrw1L6qOKc=,iv:z7Tk/ehPVyzrlYIjLizsnh8NtT1wKE/1TITa8VHuCvU=,tag:AfUh0OW/923l+ZWu11wrlw==,type:str]
version                    = 3.13.3

"""
