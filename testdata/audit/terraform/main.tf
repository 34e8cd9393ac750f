terraform {
  required_providers {
    sops = {
      source  = "carlpett/sops"
      version = "~> 1.0"
    }
  }
}
data "sops_file" "database" {
  source_file = "secrets/database.enc.json"
}
locals {
  encrypted = "ENC[AES256_GCM,data:...,iv:...,tag:...,type:str]"
}
