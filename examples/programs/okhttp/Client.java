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
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.ConnectionPool;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

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
  private static OkHttpClient client = new OkHttpClient();

  /** Connections and sessions keep their certificate. A new certificate gets a new pool and a new context. */
  private static synchronized OkHttpClient currentClient() throws IOException, GeneralSecurityException {
    try {
      byte[] read = Files.readAllBytes(KEY_STORE);
      if (!Arrays.equals(read, contents)) {
        OkHttpClient before = client;
        client = with(contextOf(read));
        contents = read;
        before.connectionPool().evictAll(); // Those without a request. Requests in progress end.
      }
    } catch (IOException | GeneralSecurityException e) {
      if (contents == null) throw e;
      System.err.println("the client goes on with its certificate: " + e);
    }
    return client;
  }

  private static OkHttpClient with(SSLContext context) throws GeneralSecurityException {
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init((KeyStore) null); // The machine's authorities.
    X509TrustManager trustManager = (X509TrustManager) trust.getTrustManagers()[0];
    return client.newBuilder()
        .sslSocketFactory(context.getSocketFactory(), trustManager)
        .connectionPool(new ConnectionPool())
        .build();
  }

  private static SSLContext contextOf(byte[] keyStore) throws IOException, GeneralSecurityException {
    char[] password = Files.readString(PASSWORD).strip().toCharArray();
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(new ByteArrayInputStream(keyStore), password);
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  private static String get(String path) {
    Request request = new Request.Builder().url(MESH + path).build();
    try (Response response = currentClient().newCall(request).execute()) {
      return response.code() + " " + response.body().string();
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
