#!/bin/sh
cat >x <<EOF
# canary-shop-note
NAME=clear-name
PASSWORD=ENC[AES256_GCM,data:ZlsZeBNp8Oo/cwLRaQaDIYyJ0Sk=,iv:gmQdnhgiWHxQBbf/LI8kYTuAdu2q18scEakn3bOVMXI=,tag:kRGAVW50grvwu48lbxV9jQ==,type:str]
TOKEN=ENC[AES256_GCM,data:2FrQB/CGG9tFzCVV/zNhRtk=,iv:pxGsLSDNJbNIyVrF+z3eP0l/3HxxPhShvJZso/5+jLo=,tag:Q8sTlliUQuA+vJAhD+p0vg==,type:str]
sops_age__list_0__map_enc=-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBRbzdyL3hoRlYwVVZmc3pV\nMWc3eThkbTAwaDk3QVQxNTFMY1JmekFYWkVnCndneEhGV0N3Q0wwcTU0TW5Bb2FL\nYjI0UENJRzdpcGRubnNFMGd2MDBqcncKLS0tIGhxWjNrRGNHS2hVd1pLc2FJMFBS\ndWQ4SGtnTDNtRXNrU3MyMnhLMjRtR3MKXk4LydnE0JvZy/TYeRQ8mDVNmHv1tfKw\nFzRU780t/gTkzXDY+DPmnwMfdDNESS9lJFJozRqQoz/QOt1sDJh2yA==\n-----END AGE ENCRYPTED FILE-----\n
sops_age__list_0__map_recipient=age1xvuserz38f3qu7lr7z6ya42dxucuxg33wcks9683gf2xs4vygg8q83nu38
sops_encrypted_regex=(?i)^(password|token)$
sops_lastmodified=2026-11-21T22:03:39Z
sops_mac=ENC[AES256_GCM,data:YogWUmi+wsDOspg35BQWizyVPI6I4m8n8d8NeWSWxgVzbtApsMPsFPfBagyR4TtnYnk1Pi5z2OIGYXOqCFmZYEtcLsEggZejfZWxof1UtCHHADgP5aYRR3ge0Dy2w6W7aYc02Fm74wezKAXyMudKmTvKpmbySyXQBokXxrKDjc4=,iv:7b4/4E7bUt9RWx0Nmpwi2V1KKxpYP7BRdWRBia/pXqI=,tag:mphpIpvBDQMjhE8zO0KRBQ==,type:str]
sops_version=3.13.3

EOF
