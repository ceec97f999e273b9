import com.sun.tools.attach.VirtualMachine;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/**
 * Has a Tomcat on this machine read its key store and truststore again, and forget all sessions. Connections that are open
 * go on. Needs a JDK, and the user of the Tomcat, or root. As the reload command of the agent:
 *
 * <pre>
 * mtls-mesh agent --client mail=/etc/mtls-mesh/mail … \
 *   --reload 'java /etc/tomcat10/Reload.java "$(systemctl show --property MainPID --value tomcat10)"'
 * </pre>
 */
public class Reload {
  public static void main(String[] arguments) throws Exception {
    VirtualMachine tomcat = VirtualMachine.attach(arguments[0]);
    JMXServiceURL address = new JMXServiceURL(tomcat.startLocalManagementAgent());
    try (JMXConnector connector = JMXConnectorFactory.connect(address)) {
      MBeanServerConnection beans = connector.getMBeanServerConnection();
      for (ObjectName handler : beans.queryNames(new ObjectName("Catalina:type=ProtocolHandler,*"), null)) {
        beans.invoke(handler, "reloadSslHostConfigs", null, null);
      }
    } finally {
      tomcat.detach();
    }
  }
}
