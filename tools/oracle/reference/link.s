// Empty: lets link.go declare functions whose bodies are in another package.
