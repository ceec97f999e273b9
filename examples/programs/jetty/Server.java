import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/**
 * A service that admits only the clients of the mesh, and tells each its name.
 *
 * <pre>
 * mvn -q dependency:copy-dependencies
 * java -cp 'target/dependency/*' Server.java
 * </pre>
 */
public class Server extends Handler.Abstract {
  private static final String HOST = "0.0.0.0";
  private static final int PORT = 8443;
  private static final Path KEY_STORE = Path.of("/etc/mtls-mesh/server/keystore.p12");
  /** The authorities of the clients. */
  private static final Path TRUSTSTORE = Path.of("/etc/mtls-mesh/mail/truststore.p12");
  private static final Path PASSWORD = Path.of("/etc/mtls-mesh/password");
  private static final String SPIFFE_IDS = "spiffe://mesh.example.com/";

  private static final SslContextFactory.Server tls = new SslContextFactory.Server();
  private static byte[] keyStore;
  private static byte[] truststore;

  /** The new context for new files also forgets the sessions of authorities that have left. */
  private static void readFiles() throws Exception {
    byte[] keys = Files.readAllBytes(KEY_STORE);
    byte[] authorities = Files.readAllBytes(TRUSTSTORE);
    if (Arrays.equals(keys, keyStore) && Arrays.equals(authorities, truststore)) return;
    String password = Files.readString(PASSWORD).strip();
    // A reload that fails leaves Jetty without a context. Here, files that it can't use fail before.
    KeyStore own = storeOf(keys, password);
    KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm()).init(own, password.toCharArray());
    KeyStore trusted = storeOf(authorities, password);
    tls.reload(factory -> {
      factory.setKeyStore(own);
      factory.setKeyStorePassword(password);
      factory.setTrustStore(trusted);
    });
    keyStore = keys;
    truststore = authorities;
  }

  /** Connections from now on get the new files. Those that are open go on. */
  private static void followFiles() {
    try {
      readFiles();
    } catch (Exception e) { // Also one that nobody expects: it would end the schedule.
      System.err.println("the server goes on with its files: " + e);
    }
  }

  private static KeyStore storeOf(byte[] contents, String password) throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new ByteArrayInputStream(contents), password.toCharArray());
    return store;
  }

  /** The client in the SPIFFE ID, which is the only name in the certificate. Null for another certificate. */
  private static String clientName(X509Certificate certificate) throws GeneralSecurityException {
    var names = certificate.getSubjectAlternativeNames();
    if (names == null || names.size() != 1) return null;
    List<?> only = names.iterator().next();
    String id = only.get(0).equals(6) ? (String) only.get(1) : ""; // Type 6 is a URI (RFC 5280, section 4.2.1.6).
    if (!id.startsWith(SPIFFE_IDS)) return null;
    String name = id.substring(SPIFFE_IDS.length());
    return name.matches("[a-z0-9-]+") ? name : null;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) throws GeneralSecurityException {
    var session = (EndPoint.SslSessionData) request.getAttribute(EndPoint.SslSessionData.ATTRIBUTE);
    String name = clientName(session.peerCertificates()[0]);
    response.setStatus(name == null ? 403 : 200);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/plain");
    Content.Sink.write(response, true, name == null ? "not a client of this mesh" : name, callback);
    return true;
  }

  public static void main(String[] arguments) throws Exception {
    tls.setNeedClientAuth(true); // With setWantClientAuth, callers without a certificate get in.
    readFiles();
    HttpConfiguration configuration = new HttpConfiguration();
    configuration.addCustomizer(new SecureRequestCustomizer());
    var server = new org.eclipse.jetty.server.Server();
    var connector = new ServerConnector(
        server, new SslConnectionFactory(tls, "http/1.1"), new HttpConnectionFactory(configuration));
    connector.setHost(HOST);
    connector.setPort(PORT);
    server.addConnector(connector);
    server.setHandler(new Server());
    server.start();
    Executors.newSingleThreadScheduledExecutor().scheduleWithFixedDelay(Server::followFiles, 1, 1, TimeUnit.SECONDS);
  }
}
