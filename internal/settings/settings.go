// Package settings reads a process's configuration: defaults in code, then a
// TOML file, then environment variables. Every key explains itself: `config
// explain KEY` prints its meaning, default, value in force and where that value
// comes from. An unknown key in the file or the environment is an error.
//
// A configuration is a pointer to a struct whose fields carry the tags
//
//	toml:"listen" doc:"address of the portal" check:"required"
//
// with fields of type string, bool, int, int64, time.Duration or []string, or a
// nested struct of such fields for a table. Secrets are given as paths of files,
// never as values.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// FileBytesMax bounds a configuration file.
const FileBytesMax = 1 << 20

// Source says where a value comes from.
type Source string

// The sources, weakest first.
const (
	Default     Source = "default"
	File        Source = "file"
	Environment Source = "environment"
)

// Key is one setting of a configuration.
type Key struct {
	Name    string // dotted, like p2p.listen
	Env     string // its environment variable
	Doc     string
	Default string
	Value   string
	Source  Source

	field    reflect.Value
	required bool
}

// Load fills config, which holds the defaults, from the file at path and from
// environment variables that begin with prefix and an underscore. An empty path
// or a file that is not there leaves the defaults. It returns every key, sorted.
func Load(config any, path, prefix string, environ []string) ([]Key, error) {
	keys := keysOf(reflect.ValueOf(config).Elem(), "", prefix)
	for i := range keys {
		keys[i].Default, keys[i].Source = text(keys[i].field), Default
	}
	if err := readFile(keys, path); err != nil {
		return nil, err
	}
	if err := readEnvironment(keys, prefix, environ); err != nil {
		return nil, err
	}
	for i := range keys {
		keys[i].Value = text(keys[i].field)
		if keys[i].required && keys[i].Value == "" {
			return nil, fmt.Errorf("configuration: %s is not set: give it in the file or as %s", keys[i].Name, keys[i].Env)
		}
	}
	slices.SortFunc(keys, func(a, b Key) int { return strings.Compare(a.Name, b.Name) })
	return keys, nil
}

// Explain is the text of one key, or an error that lists the nearest names.
func Explain(keys []Key, name string) (string, error) {
	var like []string
	for _, k := range keys {
		if k.Name == name {
			return fmt.Sprintf("%s\n  %s\n  value       %s (from %s)\n  default     %s\n  environment %s\n",
				k.Name, k.Doc, quote(k.Value), k.Source, quote(k.Default), k.Env), nil
		}
		if strings.Contains(k.Name, name) || strings.Contains(name, k.Name) {
			like = append(like, k.Name)
		}
	}
	if len(like) == 0 {
		for _, k := range keys {
			like = append(like, k.Name)
		}
	}
	return "", fmt.Errorf("there is no key %q; there are: %s", name, strings.Join(like, ", "))
}

// Write is the configuration as a commented TOML file.
func Write(keys []Key) []byte {
	var b bytes.Buffer
	table := ""
	sorted := slices.Clone(keys)
	slices.SortStableFunc(sorted, func(a, b Key) int { return strings.Compare(tableOf(a.Name), tableOf(b.Name)) })
	for _, k := range sorted {
		if t := tableOf(k.Name); t != table {
			table = t
			fmt.Fprintf(&b, "[%s]\n", table)
		}
		fmt.Fprintf(&b, "# %s\n%s = %s\n\n", k.Doc, k.Name[len(tablePrefix(k.Name)):], literal(k.field))
	}
	return b.Bytes()
}

func tableOf(name string) string { return strings.TrimSuffix(tablePrefix(name), ".") }

func tablePrefix(name string) string { return name[:strings.LastIndexByte(name, '.')+1] }

func keysOf(v reflect.Value, table, prefix string) []Key {
	var keys []Key
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name := f.Tag.Get("toml")
		if name == "" || name == "-" {
			continue
		}
		if f.Type.Kind() == reflect.Struct {
			keys = append(keys, keysOf(v.Field(i), table+name+".", prefix)...)
			continue
		}
		keys = append(keys, Key{
			Name: table + name, Doc: f.Tag.Get("doc"),
			Env:      prefix + "_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(table+name)),
			field:    v.Field(i),
			required: f.Tag.Get("check") == "required",
		})
	}
	return keys
}

func readFile(keys []Key, path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	if info.Size() > FileBytesMax {
		return fmt.Errorf("reading the configuration: %s has %d bytes, at most %d", path, info.Size(), FileBytesMax)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the configuration: %w", err)
	}
	var tree map[string]any
	if err := toml.Unmarshal(b, &tree); err != nil {
		return fmt.Errorf("reading the configuration %s: %w", path, err)
	}
	flat := map[string]string{}
	if err := flatten(flat, "", tree); err != nil {
		return fmt.Errorf("reading the configuration %s: %w", path, err)
	}
	for i, k := range keys {
		value, ok := flat[k.Name]
		if !ok {
			continue
		}
		delete(flat, k.Name)
		if err := set(k.field, value); err != nil {
			return fmt.Errorf("configuration %s: %s: %w", path, k.Name, err)
		}
		keys[i].Source = File
	}
	if len(flat) != 0 {
		return fmt.Errorf("configuration %s: unknown keys %s", path, strings.Join(sortedKeys(flat), ", "))
	}
	return nil
}

func flatten(flat map[string]string, table string, tree map[string]any) error {
	for name, v := range tree {
		switch v := v.(type) {
		case map[string]any:
			if err := flatten(flat, table+name+".", v); err != nil {
				return err
			}
		case []any:
			parts := make([]string, len(v))
			for i, p := range v {
				s, ok := p.(string)
				if !ok || strings.Contains(s, ",") {
					return fmt.Errorf("%s%s: want a list of strings without commas", table, name)
				}
				parts[i] = s
			}
			flat[table+name] = strings.Join(parts, ",")
		default:
			flat[table+name] = fmt.Sprint(v)
		}
	}
	return nil
}

func readEnvironment(keys []Key, prefix string, environ []string) error {
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, prefix+"_") {
			continue
		}
		i := slices.IndexFunc(keys, func(k Key) bool { return k.Env == name })
		if i < 0 {
			return fmt.Errorf("configuration: unknown environment variable %s", name)
		}
		if err := set(keys[i].field, value); err != nil {
			return fmt.Errorf("configuration: %s: %w", name, err)
		}
		keys[i].Source = Environment
	}
	return nil
}

func set(v reflect.Value, s string) error {
	switch v.Interface().(type) {
	case string:
		v.SetString(s)
	case bool:
		b, err := strconv.ParseBool(s)
		if err != nil {
			return fmt.Errorf("got %q, want true or false", s)
		}
		v.SetBool(b)
	case time.Duration:
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			return fmt.Errorf("got %q, want a duration such as 300ms", s)
		}
		v.SetInt(int64(d))
	case int, int64:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return fmt.Errorf("got %q, want a whole number", s)
		}
		v.SetInt(n)
	case []string:
		var list []string
		for _, p := range strings.Split(s, ",") {
			if p = strings.TrimSpace(p); p != "" {
				list = append(list, p)
			}
		}
		v.Set(reflect.ValueOf(list))
	default:
		panic("settings: unsupported type " + v.Type().String())
	}
	return nil
}

func text(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case []string:
		return strings.Join(x, ",")
	default:
		return fmt.Sprint(x)
	}
}

func literal(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case []string:
		quoted := make([]string, len(x))
		for i, s := range x {
			quoted[i] = strconv.Quote(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case bool, int, int64:
		return fmt.Sprint(x)
	default:
		return strconv.Quote(fmt.Sprint(x))
	}
}

func quote(s string) string {
	if s == "" {
		return `""`
	}
	return s
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
