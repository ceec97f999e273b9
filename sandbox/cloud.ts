import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Account, accountIdIn, SANDBOX_ACCOUNT } from './account';
import { type AccountOptions, AccountServices, type SharedParts } from './account-services';
import { Clock } from './clock';
import { readTemplate, type Template, TemplateError } from './cloudformation/template';
import { CallLog } from './endpoint/call-log';
import { RESPONSE_HOST } from './endpoint/paths';
import type { RequestsOptions, ServedAccount } from './endpoint/requests';
import { Endpoint } from './endpoint/server';
import { Faults } from './faults';
import { ServerAuthority } from './services/certificate-manager/server-authority';
import { FunctionsByArn } from './services/lambda/functions-by-arn';
import { isSupplied } from './services/lambda/runtime/supplied-packages';

export interface CloudOptions extends AccountOptions {
  /** The account of callers and stacks that name none. `AccountOptions.gatewayPort` is that of its gateway. */
  readonly accountId?: string | undefined;
  /** @default - that of `SANDBOX_ACCOUNT` */
  readonly region?: string | undefined;
  /** Another emulator, which answers calls of services that the sandbox doesn't have. */
  readonly fallback?: URL | undefined;
  /** Whether everything that the sandbox doesn't know fails with its name. */
  readonly strict?: boolean | undefined;
}

/** The accounts of one sandbox, in one Region, and their endpoint. */
export class Cloud {
  readonly faults = new Faults();
  readonly calls = new CallLog();
  readonly clock = new Clock();
  /** The account of callers and stacks that name none. */
  readonly home: AccountServices;
  private readonly byId = new Map<string, AccountServices>();
  /** As the endpoint sees them. */
  private readonly served: ServedAccount[] = [];
  private readonly shared: SharedParts;
  private readonly assets = new Map<string, string>();

  static async start(options: CloudOptions): Promise<Cloud> {
    return new Cloud(await Endpoint.listen(), options);
  }

  private constructor(
    readonly endpoint: Endpoint,
    private readonly options: CloudOptions,
  ) {
    const { clock, faults, calls } = this;
    this.shared = {
      endpoint,
      faults,
      assets: { pathOf: (objectKey) => this.assets.get(objectKey) },
      strict: options.strict ?? false,
      supplies: (packageName) => isSupplied(packageName, [...this.assets.values()].map(dirname)),
      serverAuthority: new ServerAuthority(clock),
      functions: new FunctionsByArn((accountId) => this.byId.get(accountId)?.functions),
      identityOf: (principalArn) => this.accountOf(principalArn).iam.identityOf(principalArn),
      servedHosts: () => {
        const domains = this.accounts.flatMap(
          ({
            gateway: {
              servedDomains: { names, port },
            },
          }) => names.map((name) => [name, port]),
        );
        return { ...Object.fromEntries(domains), [RESPONSE_HOST]: endpoint.responsePort };
      },
    };
    this.home = this.account(options.accountId ?? SANDBOX_ACCOUNT.id);
    const requests: RequestsOptions = {
      accounts: this.served,
      fallback: options.fallback,
      clock,
      faults,
      calls,
      killProcessOf: async (accessKeyId) => {
        await Promise.all(this.accounts.map(({ functions }) => functions.killProcessOf(accessKeyId)));
      },
      letTimePass: async (caller, milliseconds) => {
        await Promise.all(this.accounts.map(({ functions }) => functions.letTimePass(caller, milliseconds)));
      },
      receiveCustomResourceResponse: (token, body) =>
        this.accounts.some(({ customResources }) => customResources.receive(token, body)),
    };
    endpoint.serve(requests, this.home.newServerCertificate(RESPONSE_HOST));
  }

  /** Those that stacks have named so far, the first one first. */
  get accounts(): readonly AccountServices[] {
    return [...this.byId.values()];
  }

  /** PEM of the authority that signed the server certificates of all gateways. */
  get serverAuthority(): string {
    return this.shared.serverAuthority.certificate;
  }

  /** The services of an account, which exist from the first use. */
  account(id: string): AccountServices {
    const known = this.byId.get(id);
    if (known !== undefined) return known;
    const { region = SANDBOX_ACCOUNT.region, gatewayPort, targets, onLog } = this.options;
    const account: Account = { ...SANDBOX_ACCOUNT, id, region };
    const isHome = this.byId.size === 0;
    const options = { targets, onLog, ...(isHome && { gatewayPort }) };
    const added = new AccountServices({ account, clock: this.clock }, this.shared, options);
    this.byId.set(id, added);
    this.served.push(added);
    return added;
  }

  /** The account of a resource. The home account for a name, and for the ARN of an account that the sandbox doesn't have. */
  accountOf(nameOrArn: string): AccountServices {
    return this.byId.get(accountIdIn(nameOrArn)) ?? this.home;
  }

  /** Adds file assets, by their keys in the asset bucket. */
  publish(fileAssets: ReadonlyMap<string, string>): void {
    for (const [objectKey, path] of fileAssets) this.assets.set(objectKey, path);
  }

  /** The template at a key of the asset bucket. @throws TemplateError if there is none */
  readTemplate(objectKey: string, constructPaths: ReadonlyMap<string, string>): Template {
    const path = this.assets.get(objectKey);
    if (path === undefined) throw new TemplateError(`there is no template ${objectKey} among the assets`);
    return readTemplate(readFileSync(path, 'utf8'), constructPaths);
  }

  /** Stops all listeners, processes, and timers. */
  async close(): Promise<void> {
    this.clock.close();
    const ended = await Promise.allSettled([...this.accounts.flatMap((one) => one.close()), this.endpoint.close()]);
    for (const result of ended) if (result.status === 'rejected') throw result.reason;
  }
}
