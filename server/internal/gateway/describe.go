package gateway

import (
	"encoding/json"
	"errors"
	"slices"
)

// describe completes the generated description by what the generator can't know: the
// title, the token, that streams answer line by line, and that a file is sent as it is.
func describe(generated []byte) ([]byte, error) {
	var spec map[string]any
	if err := json.Unmarshal(generated, &spec); err != nil {
		return nil, err
	}
	spec["info"] = map[string]any{"title": "Bangfu Hub", "version": "v1"}
	spec["securityDefinitions"] = map[string]any{"token": map[string]any{
		"type": "apiKey", "in": "header", "name": "Authorization", "description": "Bearer <token>",
	}}
	spec["security"] = []any{map[string]any{"token": []any{}}}
	if err := errors.Join(lineByLine(spec, "/v1/sync:follow", "FollowResponse"), lineByLine(spec, "/v1/imports", "ImportFileResponse"), rawFile(spec), asTheyAre(spec)); err != nil {
		return nil, err
	}
	return json.Marshal(spec)
}

// lineByLine says that a stream's answer is one message a line.
func lineByLine(spec map[string]any, path, message string) error {
	post, ok := at(spec, "paths", path, "post")
	if !ok {
		return errors.New("it has no " + path)
	}
	post["produces"] = []any{"application/x-ndjson"}
	answer, ok := at(post, "responses", "200")
	if !ok {
		return errors.New(path + " has no answer")
	}
	answer["description"] = "Lines, each one " + message + "; or, last, an error."
	schema, _ := at(answer, "schema", "properties")
	part, ok := schema["result"]
	if !ok {
		return errors.New(path + " is not a stream")
	}
	answer["schema"] = part
	return nil
}

// rawFile says that the body of an import is the file, and that its header stands in the query.
func rawFile(spec map[string]any) error {
	post, _ := at(spec, "paths", "/v1/imports", "post")
	fields, ok := at(spec, "definitions", "v1ImportHeader", "properties")
	order, known := at(spec, "definitions", "v1RowOrder")
	if post == nil || !ok || !known {
		return errors.New("/v1/imports has no header")
	}
	params := []any{map[string]any{
		"name": "body", "in": "body", "required": true, "description": "The file.",
		"schema": map[string]any{"type": "string", "format": "binary"},
	}}
	for _, name := range []string{"mapping", "source", "as_of", "order", "dry_run"} {
		f, ok := at(fields, name)
		if !ok || len(fields) != 5 {
			return errors.New("the header of an import has other fields than the query")
		}
		p := map[string]any{"name": name, "in": "query", "required": false, "type": f["type"], "description": f["description"]}
		if f["type"] == nil {
			p["type"], p["enum"], p["description"] = "string", order["enum"], order["description"]
		}
		params = append(params, p)
	}
	post["consumes"], post["parameters"] = []any{"application/octet-stream"}, slices.Clip(params)
	return nil
}

// asTheyAre says what kind of document comes where the contract has google.api.HttpBody.
func asTheyAre(spec map[string]any) error {
	const page, workbook = "text/html", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	for call, kinds := range map[[2]string][]any{
		{"get", "/v1/removals/{id}/evidence/{sha256}"}: {"application/pdf", "image/jpeg", "image/png", "text/plain"},
		{"get", "/v1/removals/{id}/file"}:              {page}, {"get", "/v1/removals/announcement/page"}: {page},
		{"get", "/v1/letters/{id}/page"}: {page}, {"get", "/v1/reconciliation/page"}: {page},
		{"get", "/v1/reconciliation/sheet"}: {workbook}, {"post", "/v1/replay/sheet"}: {workbook},
	} {
		method, _ := at(spec, "paths", call[1], call[0])
		answer, ok := at(method, "responses", "200")
		if !ok {
			return errors.New(call[1] + " has no answer")
		}
		method["produces"] = kinds
		answer["description"], answer["schema"] = "The document.", map[string]any{"type": "string", "format": "binary"}
	}
	definitions, _ := at(spec, "definitions")
	for _, unused := range []string{"apiHttpBody", "protobufAny"} {
		delete(definitions, unused)
	}
	return nil
}

// at walks down objects.
func at(object map[string]any, keys ...string) (map[string]any, bool) {
	for _, key := range keys {
		next, ok := object[key].(map[string]any)
		if !ok {
			return nil, false
		}
		object = next
	}
	return object, true
}
