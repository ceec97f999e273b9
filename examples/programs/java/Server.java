import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * A service that admits only the clients of the mesh, and tells each its name.
 *
 * <pre>java Server.java</pre>
 */
public class Server {
  private static final InetSocketAddress ADDRESS = new InetSocketAddress("0.0.0.0", 8443);
  private static final Path KEY_STORE = Path.of("/etc/mtls-mesh/server/keystore.p12");
  /** The authorities of the clients. */
  private static final Path TRUSTSTORE = Path.of("/etc/mtls-mesh/mail/truststore.p12");
  private static final Path PASSWORD = Path.of("/etc/mtls-mesh/password");
  private static final String SPIFFE_IDS = "spiffe://mesh.example.com/";

  private static volatile SSLContext current;
  private static byte[] keyStore;
  private static byte[] truststore;

  /**
   * A new context for new files. It also forgets the sessions of authorities that have left: a trust manager with other
   * authorities in the old context would not be asked when a client resumes its session.
   */
  private static void readFiles() throws IOException, GeneralSecurityException {
    byte[] keys = Files.readAllBytes(KEY_STORE);
    byte[] authorities = Files.readAllBytes(TRUSTSTORE);
    if (Arrays.equals(keys, keyStore) && Arrays.equals(authorities, truststore)) return;
    current = contextOf(keys, authorities);
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

  /** HttpsServer has one context as long as it runs. This one has the current context make the engine of each connection. */
  private static class CurrentContext extends SSLContextSpi {
    @Override
    protected SSLEngine engineCreateSSLEngine() {
      return current.createSSLEngine();
    }

    @Override
    protected SSLEngine engineCreateSSLEngine(String host, int port) {
      return current.createSSLEngine(host, port);
    }

    @Override
    protected void engineInit(KeyManager[] keys, TrustManager[] trust, SecureRandom random) {
      throw new UnsupportedOperationException();
    }

    @Override
    protected SSLSocketFactory engineGetSocketFactory() {
      return current.getSocketFactory();
    }

    @Override
    protected SSLServerSocketFactory engineGetServerSocketFactory() {
      return current.getServerSocketFactory();
    }

    @Override
    protected SSLSessionContext engineGetServerSessionContext() {
      return current.getServerSessionContext();
    }

    @Override
    protected SSLSessionContext engineGetClientSessionContext() {
      return current.getClientSessionContext();
    }
  }

  private static class ClientsOnly extends HttpsConfigurator {
    ClientsOnly() {
      super(new SSLContext(new CurrentContext(), current.getProvider(), current.getProtocol()) {});
    }

    @Override
    public void configure(HttpsParameters parameters) {
      SSLParameters required = current.getDefaultSSLParameters();
      required.setNeedClientAuth(true); // With setWantClientAuth, callers without a certificate get in.
      parameters.setSSLParameters(required);
    }
  }

  private static SSLContext contextOf(byte[] keys, byte[] authorities) throws IOException, GeneralSecurityException {
    char[] password = Files.readString(PASSWORD).strip().toCharArray();
    KeyManagerFactory keyManagers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keyManagers.init(storeOf(keys, password), password);
    TrustManagerFactory trustManagers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trustManagers.init(storeOf(authorities, password));
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
    return context;
  }

  private static KeyStore storeOf(byte[] contents, char[] password) throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new ByteArrayInputStream(contents), password);
    return store;
  }

  /** The client in the SPIFFE ID, which is the only name in the certificate. Null for another certificate. */
  private static String clientName(X509Certificate certificate) throws GeneralSecurityException {
    Collection<List<?>> names = certificate.getSubjectAlternativeNames();
    if (names == null || names.size() != 1) return null;
    List<?> only = names.iterator().next();
    String id = only.get(0).equals(6) ? (String) only.get(1) : ""; // Type 6 is a URI (RFC 5280, section 4.2.1.6).
    if (!id.startsWith(SPIFFE_IDS)) return null;
    String name = id.substring(SPIFFE_IDS.length());
    return name.matches("[a-z0-9-]+") ? name : null;
  }

  private static void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      X509Certificate certificate =
          (X509Certificate) ((HttpsExchange) exchange).getSSLSession().getPeerCertificates()[0];
      String name = clientName(certificate);
      byte[] body = (name == null ? "not a client of this mesh" : name).getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "text/plain");
      exchange.sendResponseHeaders(name == null ? 403 : 200, body.length);
      exchange.getResponseBody().write(body);
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  public static void main(String[] arguments) throws IOException, GeneralSecurityException {
    readFiles();
    HttpsServer server = HttpsServer.create(ADDRESS, 0);
    server.setHttpsConfigurator(new ClientsOnly());
    server.createContext("/", Server::answer);
    // The handshake is made in a thread of the connection: a slow client holds up nobody else.
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
    Executors.newSingleThreadScheduledExecutor().scheduleWithFixedDelay(Server::followFiles, 1, 1, TimeUnit.SECONDS);
  }
}
