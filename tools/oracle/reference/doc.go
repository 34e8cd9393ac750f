// Package reference is sops's side: what the sops library sees, accepts and writes.
package reference

import (
	"github.com/getsops/sops/v3/logging"
	"github.com/sirupsen/logrus"
)

// init stops sops from writing about single files.
func init() {
	logging.SetLevel(logrus.PanicLevel)
}
