// Package openapi holds the OpenAPI description of the REST interface, generated from api/.
package openapi

import _ "embed" // for Spec

// Spec is the description as JSON.
//
//go:embed hub.swagger.json
var Spec []byte
