// Asks a model through the gateway: requests are signed with AWS's default credentials.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
)

// signed is the transport of an http.Client, also of one that an SDK is given.
type signed struct {
	region      string
	credentials aws.CredentialsProvider
}

func (s signed) RoundTrip(given *http.Request) (*http.Response, error) {
	var body []byte
	if given.Body != nil {
		defer given.Body.Close()
		var err error
		if body, err = io.ReadAll(given.Body); err != nil {
			return nil, err
		}
	}
	current, err := s.credentials.Retrieve(given.Context()) // others, before these expire
	if err != nil {
		return nil, err
	}
	request := given.Clone(given.Context())
	request.Body = io.NopCloser(bytes.NewReader(body))
	request.ContentLength = int64(len(body))
	request.Header.Del("Authorization") // the key that an SDK was given
	request.Header.Del("X-Api-Key")
	hash := sha256.Sum256(body) // the signature covers the body
	err = v4.NewSigner().SignHTTP(given.Context(), current, request, hex.EncodeToString(hash[:]), "lambda", s.region, time.Now())
	if err != nil {
		return nil, err
	}
	return http.DefaultTransport.RoundTrip(request)
}

func main() {
	settings, err := config.LoadDefaultConfig(context.Background()) // its region is the gateway's
	if err != nil {
		log.Fatal(err)
	}
	client := http.Client{Transport: signed{settings.Region, settings.Credentials}, Timeout: 2 * time.Minute}
	question := `{"model": "mistral-small-latest", "messages": [{"role": "user", "content": "Hello"}]}`
	gateway := os.Getenv("GATEWAY_URL") // the stack's output GatewayUrl, which ends with a slash
	answer, err := client.Post(gateway+"v1/chat/completions", "application/json", strings.NewReader(question))
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(os.Stdout, answer.Body); err != nil {
		log.Fatal(err)
	}
}
