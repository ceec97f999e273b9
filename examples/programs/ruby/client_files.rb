# The client's key and certificate.
require 'openssl'

module ClientFiles
  # One file has the key, the certificate, and the chain, and is replaced as one. Two files can be of two generations.
  BUNDLE = '/etc/mtls-mesh/mail/bundle.pem'

  # The options of TLS for Faraday. The same object until the certificate is rotated.
  def self.ssl_options
    bundle = File.read(BUNDLE)
    return @options if bundle == @bundle

    certificate = OpenSSL::X509::Certificate.new(bundle)
    key = OpenSSL::PKey.read(bundle) # PKey::RSA.new would refuse ECDSA keys, which a mesh has by default.
    raise OpenSSL::PKey::PKeyError, 'the key is not that of the certificate' unless certificate.check_private_key(key)

    @bundle = bundle
    @options = { client_cert: certificate, client_key: key }
  rescue SystemCallError, OpenSSL::OpenSSLError => e
    raise unless @options

    warn "the client goes on with its certificate: #{e.message}"
    @options
  end
end
