provider "registry.example.org/carlpett/sops" {
  version = "1.2.0"
}
