package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	mesh = "https://mesh.example.com"
	// One file has the key, the certificate, and the chain, and is replaced as one. Two files can be of two generations.
	bundleFile = "/etc/mtls-mesh/mail/bundle.pem"
)

// meshTransport presents the current certificate of the client. A transport keeps its connections, and with them their
// certificate, so a new certificate gets a new one.
type meshTransport struct {
	mutex   sync.Mutex
	bundle  []byte
	current *http.Transport
}

func (t *meshTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	transport, err := t.transport()
	if err != nil {
		return nil, err
	}
	return transport.RoundTrip(request)
}

func (t *meshTransport) transport() (*http.Transport, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	bundle, err := os.ReadFile(bundleFile)
	if err == nil && !bytes.Equal(bundle, t.bundle) {
		err = t.use(bundle)
	}
	if t.current == nil {
		return nil, err
	}
	if err != nil {
		log.Printf("the client goes on with its certificate: %v", err)
	}
	return t.current, nil
}

func (t *meshTransport) use(bundle []byte) error {
	certificate, err := tls.X509KeyPair(bundle, bundle) // An error unless the key belongs to the certificate.
	if err != nil {
		return err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{
		// With Certificates, Go sends none if the server doesn't name its authority, and the refusal says nothing of it.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &certificate, nil },
	}
	if t.current != nil {
		t.current.CloseIdleConnections() // Requests in progress end first.
	}
	t.bundle, t.current = bundle, transport
	return nil
}

// callMesh calls the mesh with each path on standard input, and prints a line with the status and the body.
func callMesh() {
	client := &http.Client{Transport: &meshTransport{}, Timeout: 10 * time.Second}
	var calls sync.WaitGroup
	for paths := bufio.NewScanner(os.Stdin); paths.Scan(); {
		path := paths.Text()
		calls.Go(func() {
			answer, err := get(client, mesh+path)
			if err != nil {
				answer = "failed: " + err.Error()
			}
			fmt.Println(answer)
		})
	}
	calls.Wait()
}

func get(client *http.Client, url string) (string, error) {
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return fmt.Sprint(response.StatusCode, " ", string(body)), err
}
