//go:build !unix

package pgtest

import "net/url"

func start() (*url.URL, error) { return nil, errMissing }

func asStandby(*url.URL) error { return errMissing }
