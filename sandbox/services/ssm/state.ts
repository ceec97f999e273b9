import { type Account, regionalArn } from '../../account';
import type { Clock } from '../../clock';
import { AwsError } from '../../endpoint/api';

export const PARAMETER_TYPES = ['String', 'StringList', 'SecureString'] as const;
export type ParameterType = (typeof PARAMETER_TYPES)[number];

/** A parameter with the values of all its versions. */
export interface Parameter {
  readonly name: string;
  readonly arn: string;
  readonly type: ParameterType;
  /** By version, which starts at 1. */
  readonly values: readonly string[];
  readonly modifiedAt: Date;
}

/** The parameters of the account. */
export class Parameters {
  private readonly byName = new Map<string, Parameter>();

  constructor(
    private readonly account: Account,
    private readonly clock: Clock,
  ) {}

  /** By name. */
  get all(): readonly Parameter[] {
    return [...this.byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  find(nameOrArn: string): Parameter | undefined {
    if (!nameOrArn.startsWith('arn:')) return this.byName.get(nameOrArn);
    return this.all.find(({ arn }) => arn === nameOrArn);
  }

  /** @throws AwsError `ParameterNotFound` */
  get(nameOrArn: string): Parameter {
    const parameter = this.find(nameOrArn);
    if (parameter === undefined) throw new AwsError('ParameterNotFound', `there is no SSM parameter ${nameOrArn}`);
    return parameter;
  }

  /** Creates the parameter, or adds a version. */
  put(name: string, type: ParameterType, value: string): Parameter {
    const values = [...(this.byName.get(name)?.values ?? []), value];
    const parameter = { name, arn: this.arnOf(name), type, values, modifiedAt: this.clock.now() };
    this.byName.set(name, parameter);
    return parameter;
  }

  delete(name: string): boolean {
    return this.byName.delete(name);
  }

  /** A name with a hierarchy starts with a slash, which is not repeated in the ARN. */
  arnOf(nameOrArn: string): string {
    if (nameOrArn.startsWith('arn:')) return nameOrArn;
    return regionalArn(this.account, 'ssm', `parameter/${nameOrArn.replace(/^\//, '')}`);
  }
}
