package capture

import (
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLogs hands pion's logs to ours. Its debug and trace levels tell of single packets and are
// left out; what it calls information is our debug.
type pionLogs struct{ log *slog.Logger }

func (l pionLogs) NewLogger(scope string) logging.LeveledLogger {
	return pionLogger{l.log.With("pion", scope)}
}

type pionLogger struct{ log *slog.Logger }

func (l pionLogger) Trace(string)          {}
func (l pionLogger) Tracef(string, ...any) {}
func (l pionLogger) Debug(string)          {}
func (l pionLogger) Debugf(string, ...any) {}
func (l pionLogger) Info(text string)      { l.log.Debug(text) }
func (l pionLogger) Infof(format string, args ...any) {
	l.log.Debug(fmt.Sprintf(format, args...))
}

// Warnings of pion are about single candidates and packets; an operator can do nothing about them.
func (l pionLogger) Warn(text string) { l.log.Debug(text) }
func (l pionLogger) Warnf(format string, args ...any) {
	l.log.Debug(fmt.Sprintf(format, args...))
}
func (l pionLogger) Error(text string) { l.log.Warn(text) }
func (l pionLogger) Errorf(format string, args ...any) {
	l.log.Warn(fmt.Sprintf(format, args...))
}
