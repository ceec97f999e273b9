// Reads or verifies certificates with crypto/x509, for the tests beside this file.
//
//	judge fields FILE...                     JSON: the fields of each certificate
//	judge verify ROOT SUBORDINATE LEAF LIST  fails unless the chain and the subordinate's list verify
package main

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log"
	"os"
	"time"
)

type fields struct {
	SerialNumber           string      `json:"serialNumber"`
	Issuer                 [][2]string `json:"issuer"`
	Subject                [][2]string `json:"subject"`
	NotBefore              string      `json:"notBefore"`
	NotAfter               string      `json:"notAfter"`
	PublicKey              string      `json:"publicKey"`
	IsAuthority            bool        `json:"isAuthority"`
	PathLength             *int        `json:"pathLength,omitempty"`
	KeyUsage               int         `json:"keyUsage"`
	IsForClients           bool        `json:"isForClients"`
	URIs                   []string    `json:"uris"`
	DNSNames               []string    `json:"dnsNames"`
	SubjectKeyIdentifier   string      `json:"subjectKeyIdentifier"`
	AuthorityKeyIdentifier string      `json:"authorityKeyIdentifier"`
	CRLAddresses           []string    `json:"crlAddresses"`
	Extensions             []string    `json:"extensions"`
}

func main() {
	if os.Args[1] == "fields" {
		all := []fields{}
		for _, file := range os.Args[2:] {
			all = append(all, fieldsOf(certificate(file)))
		}
		must(json.NewEncoder(os.Stdout).Encode(all))
		return
	}
	verify(certificate(os.Args[2]), certificate(os.Args[3]), certificate(os.Args[4]), decode(os.Args[5]))
}

func verify(root, subordinate, leaf *x509.Certificate, list []byte) {
	options := x509.VerifyOptions{
		Roots:         x509.NewCertPool(),
		Intermediates: x509.NewCertPool(),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	options.Roots.AddCert(root)
	options.Intermediates.AddCert(subordinate)
	_, err := leaf.Verify(options)
	must(err)
	revocations, err := x509.ParseRevocationList(list)
	must(err)
	must(revocations.CheckSignatureFrom(subordinate))
	for _, entry := range revocations.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(leaf.SerialNumber) == 0 {
			log.Fatalf("revoked with reason %d", entry.ReasonCode)
		}
	}
	fmt.Printf("%d entries in list %s\n", len(revocations.RevokedCertificateEntries), revocations.Number)
}

func fieldsOf(read *x509.Certificate) fields {
	result := fields{
		SerialNumber:           read.SerialNumber.Text(16),
		NotBefore:              read.NotBefore.UTC().Format(time.RFC3339),
		NotAfter:               read.NotAfter.UTC().Format(time.RFC3339),
		PublicKey:              hex.EncodeToString(read.RawSubjectPublicKeyInfo),
		IsAuthority:            read.IsCA,
		KeyUsage:               int(read.KeyUsage),
		URIs:                   []string{},
		DNSNames:               append([]string{}, read.DNSNames...),
		SubjectKeyIdentifier:   hex.EncodeToString(read.SubjectKeyId),
		AuthorityKeyIdentifier: hex.EncodeToString(read.AuthorityKeyId),
		CRLAddresses:           append([]string{}, read.CRLDistributionPoints...),
	}
	if read.MaxPathLen > 0 || read.MaxPathLenZero {
		result.PathLength = &read.MaxPathLen
	}
	for _, uri := range read.URIs {
		result.URIs = append(result.URIs, uri.String())
	}
	for _, usage := range read.ExtKeyUsage {
		result.IsForClients = result.IsForClients || usage == x509.ExtKeyUsageClientAuth
	}
	for _, name := range read.Issuer.Names {
		result.Issuer = append(result.Issuer, [2]string{name.Type.String(), name.Value.(string)})
	}
	for _, name := range read.Subject.Names {
		result.Subject = append(result.Subject, [2]string{name.Type.String(), name.Value.(string)})
	}
	for _, extension := range read.Extensions {
		text := extension.Id.String()
		if extension.Critical {
			text += " critical"
		}
		result.Extensions = append(result.Extensions, text)
	}
	return result
}

func certificate(file string) *x509.Certificate {
	read, err := x509.ParseCertificate(decode(file))
	must(err)
	return read
}

func decode(file string) []byte {
	text, err := os.ReadFile(file)
	must(err)
	block, _ := pem.Decode(text)
	return block.Bytes
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
