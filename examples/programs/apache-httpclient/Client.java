import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.apache.hc.client5.http.classic.HttpClient;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.util.TimeValue;

/**
 * Calls the mesh with each path on standard input, and prints a line with the status and the body.
 *
 * <pre>
 * mvn -q dependency:copy-dependencies
 * echo /schedule/events | java -cp 'target/dependency/*' Client.java
 * </pre>
 */
public class Client {
  private static final String MESH = "https://mesh.example.com";
  /** Has the key, the certificate, and the chain, and is replaced as one. */
  private static final Path KEY_STORE = Path.of("/etc/mtls-mesh/mail/keystore.p12");
  private static final Path PASSWORD = Path.of("/etc/mtls-mesh/password");

  private static byte[] contents;
  private static PoolingHttpClientConnectionManager connections;
  private static HttpClient client;

  /** Connections and sessions keep their certificate. A new certificate gets a new pool and a new context. */
  private static synchronized HttpClient currentClient() throws IOException, GeneralSecurityException {
    try {
      byte[] read = Files.readAllBytes(KEY_STORE);
      if (!Arrays.equals(read, contents)) {
        DefaultClientTlsStrategy tls = new DefaultClientTlsStrategy(contextOf(read));
        PoolingHttpClientConnectionManager before = connections;
        connections = PoolingHttpClientConnectionManagerBuilder.create().setTlsSocketStrategy(tls).build();
        client = HttpClients.custom().setConnectionManager(connections).build();
        contents = read;
        // Requests in progress end on the old pool. `close` would cut them off.
        if (before != null) before.closeIdle(TimeValue.ZERO_MILLISECONDS);
      }
    } catch (IOException | GeneralSecurityException e) {
      if (client == null) throw e;
      System.err.println("the client goes on with its certificate: " + e);
    }
    return client;
  }

  private static SSLContext contextOf(byte[] keyStore) throws IOException, GeneralSecurityException {
    char[] password = Files.readString(PASSWORD).strip().toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new ByteArrayInputStream(keyStore), password);
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null); // The second is whom to trust: null for the machine's authorities.
    return context;
  }

  private static String get(String path) {
    try {
      return currentClient().execute(new HttpGet(MESH + path),
          response -> response.getCode() + " " + EntityUtils.toString(response.getEntity()));
    } catch (IOException | GeneralSecurityException e) {
      return "failed: " + e;
    }
  }

  public static void main(String[] arguments) throws IOException {
    ExecutorService calls = Executors.newCachedThreadPool();
    BufferedReader paths = new BufferedReader(new InputStreamReader(System.in));
    for (String path = paths.readLine(); path != null; path = paths.readLine()) {
      String one = path;
      calls.execute(() -> System.out.println(get(one)));
    }
    calls.shutdown();
  }
}
