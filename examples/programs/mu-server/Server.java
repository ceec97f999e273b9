import io.muserver.HttpsConfigBuilder;
import io.muserver.MuHandler;
import io.muserver.MuRequest;
import io.muserver.MuResponse;
import io.muserver.MuServer;
import io.muserver.MuServerBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * A service that admits only the clients of the mesh, and tells each its name, the subject of its certificate, and the validity.
 *
 * <pre>
 * mvn -q dependency:copy-dependencies
 * java -cp 'target/dependency/*' Server.java
 * </pre>
 */
public class Server implements MuHandler {
  private static final String HOST = "0.0.0.0";
  private static final int PORT = 8443;
  private static final Path KEY_STORE = Path.of("/etc/mtls-mesh/server/keystore.p12");
  /** The authorities of the clients. */
  private static final Path TRUSTSTORE = Path.of("/etc/mtls-mesh/mail/truststore.p12");
  private static final Path PASSWORD = Path.of("/etc/mtls-mesh/password");
  private static final String SPIFFE_IDS = "spiffe://mesh.example.com/";

  private static MuServer server;
  private static byte[] keyStore;
  private static byte[] truststore;

  /** Takes new files for the connections from now on. Those that are open go on. */
  private static void followFiles() {
    try {
      byte[] keys = Files.readAllBytes(KEY_STORE);
      byte[] authorities = Files.readAllBytes(TRUSTSTORE);
      if (Arrays.equals(keys, keyStore) && Arrays.equals(authorities, truststore)) return;
      // A new configuration also forgets the sessions of authorities that have left. A trust manager that exchanges its
      // authorities would not be asked when a client resumes its session.
      server.changeHttpsConfig(configurationOf(keys, authorities));
      keyStore = keys;
      truststore = authorities;
    } catch (Exception e) { // Also one that nobody expects: it would end the schedule.
      System.err.println("the server goes on with its files: " + e);
    }
  }

  private static HttpsConfigBuilder configurationOf(byte[] keys, byte[] authorities)
      throws IOException, GeneralSecurityException {
    String password = Files.readString(PASSWORD).strip();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new ByteArrayInputStream(authorities), password.toCharArray());
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    return HttpsConfigBuilder.httpsConfig()
        .withKeystoreType("PKCS12")
        .withKeystore(new ByteArrayInputStream(keys))
        .withKeystorePassword(password)
        .withKeyPassword(password)
        .withClientCertificateTrustManager((X509TrustManager) trust.getTrustManagers()[0]);
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

  @Override
  public boolean handle(MuRequest request, MuResponse response) throws GeneralSecurityException {
    response.contentType("text/plain");
    // mu-server asks for a certificate, and admits callers without one. They must be refused before all other handlers.
    Optional<Certificate> presented = request.connection().clientCertificate();
    if (presented.isEmpty()) {
      response.status(401);
      response.write("no client certificate");
      return true;
    }
    X509Certificate certificate = (X509Certificate) presented.get();
    String name = clientName(certificate);
    if (name == null) {
      response.status(403);
      response.write("not a client of this mesh");
      return true;
    }
    response.write(name + ", " + certificate.getSubjectX500Principal() + ", from "
        + certificate.getNotBefore().toInstant() + " until " + certificate.getNotAfter().toInstant());
    return true;
  }

  public static void main(String[] arguments) throws IOException, GeneralSecurityException {
    keyStore = Files.readAllBytes(KEY_STORE);
    truststore = Files.readAllBytes(TRUSTSTORE);
    server = MuServerBuilder.muServer()
        .withInterface(HOST)
        .withHttpsPort(PORT)
        .withHttpsConfig(configurationOf(keyStore, truststore))
        .addHandler(new Server())
        .start();
    Executors.newSingleThreadScheduledExecutor().scheduleWithFixedDelay(Server::followFiles, 1, 1, TimeUnit.SECONDS);
  }
}
