/** What the stages of both kinds of API have. */
export interface Stage {
  readonly name: string;
  readonly variables: ReadonlyMap<string, string>;
  readonly accessLog?: AccessLogSettings | undefined;
}

/** The limits of each route or method. */
export interface Throttle {
  /** Requests a second. */
  readonly rateLimit: number;
  /** Requests at once. */
  readonly burstLimit: number;
}

export interface AccessLogSettings {
  readonly logGroup: string;
  /** Text with `$context` variables. */
  readonly format: string;
}

export interface Domain {
  readonly name: string;
  /** The target of the domain's DNS record. */
  readonly regionalDomainName: string;
  settings: DomainSettings;
  /** `UPDATING` while the settings aren't in effect yet. */
  status: 'AVAILABLE' | 'UPDATING';
  /** By mapping ID. */
  readonly mappings: Map<string, ApiMapping>;
}

/** The settings of a domain. */
export interface DomainSettings {
  readonly certificateArn: string;
  readonly ownershipCertificateArn?: string | undefined;
  readonly securityPolicy: string;
  /** Absent if clients aren't asked for a certificate. */
  readonly truststore?: { readonly uri: string; readonly version?: string | undefined } | undefined;
}

export interface ApiMapping {
  /** Path segments. Empty for the mapping of all other paths. */
  readonly key: readonly string[];
  /** The ID of an HTTP or REST API. */
  readonly apiId: string;
  readonly stageName: string;
}
