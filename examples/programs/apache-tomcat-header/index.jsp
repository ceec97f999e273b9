<%@ page contentType="text/plain; charset=UTF-8" import="java.security.cert.X509Certificate,java.util.*" trimDirectiveWhitespaces="true" %>
<%
  // The only name in the certificate is the SPIFFE ID. Type 6 is a URI (RFC 5280, section 4.2.1.6).
  X509Certificate[] chain = (X509Certificate[]) request.getAttribute("jakarta.servlet.request.X509Certificate");
  Collection<List<?>> names = chain == null ? null : chain[0].getSubjectAlternativeNames();
  List<?> only = names == null || names.size() != 1 ? null : names.iterator().next();
  String id = only != null && only.get(0).equals(6) ? (String) only.get(1) : "";
  String trustDomain = "spiffe://mesh.example.com/";
  String name = id.startsWith(trustDomain) ? id.substring(trustDomain.length()) : "";
  boolean isClient = name.matches("[a-z0-9-]+");
  response.setStatus(isClient ? 200 : 403);
  out.print(isClient ? name : "not a client of this mesh");
%>
