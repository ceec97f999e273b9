package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	address               = "0.0.0.0:8443"
	certificateFile       = "/etc/mtls-mesh/server/certificate.pem"
	privateKeyFile        = "/etc/mtls-mesh/server/private-key.pem"
	clientAuthoritiesFile = "/etc/mtls-mesh/mail/client-ca.pem"
	trustDomain           = "mesh.example.com"
)

// meshConfig has the configuration of TLS for each connection. It looks at the files each time, so that new ones are in
// effect at once.
type meshConfig struct {
	mutex   sync.Mutex
	files   []byte
	current *tls.Config
}

func (c *meshConfig) config(*tls.ClientHelloInfo) (*tls.Config, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	err := c.read()
	if c.current == nil {
		return nil, err
	}
	if err != nil {
		log.Printf("the server goes on with its files: %v", err)
	}
	return c.current, nil
}

func (c *meshConfig) read() error {
	var contents [3][]byte
	for i, name := range []string{certificateFile, privateKeyFile, clientAuthoritiesFile} {
		var err error
		if contents[i], err = os.ReadFile(name); err != nil {
			return err
		}
	}
	files := bytes.Join(contents[:], nil)
	if bytes.Equal(files, c.files) {
		return nil
	}
	certificate, err := tls.X509KeyPair(contents[0], contents[1]) // An error unless they belong together.
	if err != nil {
		return err
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(contents[2]) {
		return errors.New("no certificate in " + clientAuthoritiesFile)
	}
	c.files, c.current = files, &tls.Config{
		Certificates: []tls.Certificate{certificate},
		ClientAuth:   tls.RequireAndVerifyClientCert, // RequireAnyClientCert verifies nothing.
		ClientCAs:    authorities,
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
		// All configurations share the keys of tickets. A client of an authority that has left must not resume.
		SessionTicketsDisabled: true,
	}
	return nil
}

// clientName returns the client in the SPIFFE ID, which is the only name in the certificate, or "" for another certificate.
func clientName(certificate *x509.Certificate) string {
	others := len(certificate.DNSNames) + len(certificate.EmailAddresses) + len(certificate.IPAddresses)
	if len(certificate.URIs) != 1 || others > 0 {
		return ""
	}
	name, found := strings.CutPrefix(certificate.URIs[0].String(), "spiffe://"+trustDomain+"/")
	if !found || strings.ContainsAny(name, "/?#%") {
		return ""
	}
	return name
}

// serveClients admits only the clients of the mesh, and tells each its name.
func serveClients() {
	files := &meshConfig{}
	if _, err := files.config(nil); err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Addr:              address,
		TLSConfig:         &tls.Config{GetConfigForClient: files.config},
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
			name := clientName(request.TLS.PeerCertificates[0])
			if name == "" {
				http.Error(response, "not a client of this mesh", http.StatusForbidden)
				return
			}
			fmt.Fprint(response, name)
		}),
	}
	log.Fatal(server.ListenAndServeTLS("", ""))
}
