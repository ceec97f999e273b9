# A service that admits only the clients of the mesh, and tells each its name.
require 'openssl'
require 'webrick/https'

HOST = '0.0.0.0'
PORT = 8443
CERTIFICATE = '/etc/mtls-mesh/server/certificate.pem'
PRIVATE_KEY = '/etc/mtls-mesh/server/private-key.pem'
CLIENT_AUTHORITIES = '/etc/mtls-mesh/mail/client-ca.pem'
TRUST_DOMAIN = 'mesh.example.com'

# Looks at its files for each connection, so that new ones are in effect at once.
class MeshServer < WEBrick::HTTPServer
  # WEBrick calls this for each connection. A new context also forgets the sessions of authorities that have left.
  def ssl_context
    files = [CERTIFICATE, PRIVATE_KEY, CLIENT_AUTHORITIES].map { |path| File.read(path) }
    unless files == @files
      @context = context_of(*files)
      @files = files
    end
    @context
  rescue SystemCallError, OpenSSL::OpenSSLError => e
    raise unless @context

    warn "the server goes on with its files: #{e.message}"
    @context
  end

  private

  def context_of(certificates, key, authorities)
    context = OpenSSL::SSL::SSLContext.new
    certificate, *chain = OpenSSL::X509::Certificate.load(certificates)
    context.add_certificate(certificate, OpenSSL::PKey.read(key), chain) # Raises unless they belong together.
    context.cert_store = OpenSSL::X509::Store.new
    OpenSSL::X509::Certificate.load(authorities).each do |authority|
      context.cert_store.add_cert(authority)
      context.client_ca = [*context.client_ca, authority]
    end
    context.verify_mode = OpenSSL::SSL::VERIFY_PEER | OpenSSL::SSL::VERIFY_FAIL_IF_NO_PEER_CERT
    context.min_version = OpenSSL::SSL::TLS1_2_VERSION
    context.session_id_context = 'mesh'
    context
  end
end

# The client in the SPIFFE ID, which is the only name in the certificate. Nil for another certificate.
def client_name(certificate)
  names = certificate.find_extension('subjectAltName')&.value
  names && names[%r{\AURI:spiffe://#{Regexp.escape(TRUST_DOMAIN)}/([a-z0-9-]+)\z}, 1]
end

log = WEBrick::Log.new($stderr, WEBrick::Log::WARN)
server = MeshServer.new(BindAddress: HOST, Port: PORT, SSLEnable: true, Logger: log, AccessLog: [])
server.mount_proc '/' do |request, response|
  name = client_name(request.client_cert)
  response.status = name ? 200 : 403
  response.content_type = 'text/plain'
  response.body = name || 'not a client of this mesh'
end
trap('TERM') { server.shutdown }
server.start
