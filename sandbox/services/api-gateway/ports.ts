/** What API Gateway needs of the other services, and no more. */

export interface InvokedFunctions {
  /** Rejects with the function's error, or when it takes longer than its own timeout. */
  invoke(functionArn: string, event: unknown): Promise<unknown>;
  /** Throws unless the function's resource policy lets `principalService` invoke it for `sourceArn`. */
  assertMayInvoke(functionArn: string, principalService: string, sourceArn: string): void;
}

export interface Objects {
  /** The object's newest version, or the given one; undefined when there is none. */
  getObject(bucket: string, key: string, versionId?: string): { readonly body: Buffer } | undefined;
}

export interface Certificates {
  serverCertificate(certificateArn: string, domainName: string): ServerCertificate;
}

/** What a TLS server presents: PEM, as `tls.createSecureContext` takes it. */
export interface ServerCertificate {
  /** The certificate first, then the authorities above it. */
  readonly certificateChain: string;
  readonly privateKey: string;
}

export interface Logs {
  append(logGroup: string, line: string): void;
}
