package web_test

import (
	"testing"

	"go.uber.org/goleak"

	"backrow/storage/objects/objectstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, objectstest.GatewayLeaks()...) }
