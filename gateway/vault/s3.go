package vault

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"
)

// S3 says where an S3-compatible bucket is.
type S3 struct {
	Endpoint  string // https://host[:port]; http is for the same machine
	Region    string // what the server calls itself; most take any
	Bucket    string
	Prefix    string // of every key, ending in a slash, or empty
	PathStyle bool   // the bucket is in the path and not in the host's name
	// KeyFile holds the access key id and the secret key, a line each, and is its
	// owner's alone. Empty: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
	KeyFile string
}

// Times of the object store. A segment has at most a few megabytes.
const (
	s3DialTimeout   = 10 * time.Second
	s3HeaderTimeout = 60 * time.Second
	s3BackoffMax    = 2 * time.Second
	s3Attempts      = 4
)

// S3Blobs keeps ciphertexts in an S3-compatible bucket. A request that fails is
// tried again a few times; the bucket itself is not asked for here, so that a
// gateway starts while its store is down and refuses what needs it.
func S3Blobs(ctx context.Context, c S3) (*Blobs, error) {
	u, err := url.Parse(c.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("s3: endpoint %q: want https://host[:port]", c.Endpoint)
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("s3: endpoint %q: http only to this machine, else https", c.Endpoint)
	}
	if c.Bucket == "" {
		return nil, fmt.Errorf("s3: no bucket is configured")
	}
	if c.Prefix != "" && !strings.HasSuffix(c.Prefix, "/") {
		return nil, fmt.Errorf("s3: prefix %q: want a slash at its end", c.Prefix)
	}
	who, err := c.credentials()
	if err != nil {
		return nil, err
	}
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(c.Endpoint), Region: c.Region, UsePathStyle: c.PathStyle, Retryer: retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = s3Attempts, s3BackoffMax }),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return who, nil }),
		// Checksums in trailers are newer than most compatible servers.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
		HTTPClient: &http.Client{Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: s3DialTimeout}).DialContext,
			ResponseHeaderTimeout: s3HeaderTimeout, TLSHandshakeTimeout: s3DialTimeout, MaxIdleConnsPerHost: 8,
		}},
	})
	b, err := s3blob.OpenBucket(ctx, client, c.Bucket, nil)
	if err != nil {
		return nil, fmt.Errorf("opening bucket %s: %w", c.Bucket, err)
	}
	if c.Prefix != "" {
		b = blob.PrefixedBucket(b, c.Prefix)
	}
	return BucketBlobs(b), nil
}

func (c S3) credentials() (aws.Credentials, error) {
	if c.KeyFile == "" {
		who := aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}
		if who.AccessKeyID == "" || who.SecretAccessKey == "" {
			return who, fmt.Errorf("s3: no key file is configured, and AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set")
		}
		return who, nil
	}
	b, err := readSecret(c.KeyFile)
	if err != nil {
		return aws.Credentials{}, fmt.Errorf("s3: key file: %w", err)
	}
	var lines []string
	for scan := bufio.NewScanner(bytes.NewReader(b)); scan.Scan(); {
		if text := strings.TrimSpace(scan.Text()); text != "" {
			lines = append(lines, text)
		}
	}
	if len(lines) != 2 {
		return aws.Credentials{}, fmt.Errorf("s3: key file %s: got %d lines, want the access key id and the secret key", c.KeyFile, len(lines))
	}
	return aws.Credentials{AccessKeyID: lines[0], SecretAccessKey: lines[1]}, nil
}
