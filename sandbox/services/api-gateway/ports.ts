/** The other services that API Gateway uses. */

export interface InvokedFunctions {
  /** Rejects with the error of the function, or after the timeout of the function. */
  invoke(functionArn: string, event: unknown): Promise<unknown>;
  /** Throws unless the resource policy of the function allows `principalService` to invoke it for `sourceArn`. */
  assertMayInvoke(functionArn: string, principalService: string, sourceArn: string): void;
}

export interface Objects {
  /** The latest version of the object, or the given version. Undefined if it doesn't exist. */
  getObject(bucket: string, key: string, versionId?: string): { readonly body: Buffer } | undefined;
}

export interface Certificates {
  serverCertificate(certificateArn: string, domainName: string): ServerCredentials;
}

/** The credentials of a TLS server in PEM, for `tls.createSecureContext`. */
export interface ServerCredentials {
  /** The certificate, then the authorities above it. */
  readonly certificateChain: string;
  readonly privateKey: string;
}

export interface Logs {
  append(logGroup: string, line: string): void;
}
