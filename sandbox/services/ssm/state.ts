import { type Account, regionalArn } from '../../account';
import type { Clock } from '../../clock';
import { AwsError } from '../../endpoint/api';
import type { Tag } from '../shared/tags';

export const PARAMETER_TYPES = ['String', 'StringList', 'SecureString'] as const;
type ParameterType = (typeof PARAMETER_TYPES)[number];

export const PARAMETER_TIERS = ['Standard', 'Advanced', 'Intelligent-Tiering'] as const;

/**
 * What a tier allows: bytes of a value, and parameters in the account and Region.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
 */
const TIERS = {
  Standard: { bytes: 4096, parameters: 10_000 },
  Advanced: { bytes: 8192, parameters: 100_000 },
} as const;
type Tier = keyof typeof TIERS;

/** https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html */
const MAX_VERSIONS = 100;
/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html */
const MAX_ARN = 1011;
const MAX_LEVELS = 15;

/** A parameter with its versions. */
export interface Parameter {
  readonly name: string;
  readonly arn: string;
  readonly type: ParameterType;
  readonly tier: Tier;
  readonly allowedPattern?: string | undefined;
  readonly tags: readonly Tag[];
  /** The oldest first. */
  readonly versions: readonly ParameterVersion[];
}

export interface ParameterVersion {
  /** Starts at 1. */
  readonly number: number;
  readonly value: string;
  readonly modifiedAt: Date;
}

/** A new value, and what else changes. What is absent stays as it is. */
export interface ParameterChange {
  readonly value: string;
  /** Required for a new parameter. */
  readonly type?: ParameterType | undefined;
  readonly tier?: (typeof PARAMETER_TIERS)[number] | undefined;
  /** Whether the parameter has policies, which need the advanced tier. */
  readonly hasPolicies?: boolean;
  readonly allowedPattern?: string | undefined;
  readonly tags?: readonly Tag[] | undefined;
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

  /**
   * The names of AWS itself, such as those of public parameters, are refused.
   * https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
   * @throws AwsError
   */
  assertName(name: string): void {
    if (!/^[\w./-]+$/.test(name)) {
      throw invalid(`a parameter name has letters, digits, and the symbols _.-/ only: ${name}`);
    }
    if (name.includes('/') && !name.startsWith('/')) throw invalid(`the name must be fully qualified: /${name}`);
    if (/^\/?(aws|ssm)/i.test(name)) throw invalid(`a parameter name can't begin with aws or ssm: ${name}`);
    if (this.arnOf(name).length > MAX_ARN) throw invalid(`the ARN is longer than ${MAX_ARN} characters`);
    if (name.split('/').filter((level) => level !== '').length > MAX_LEVELS) {
      const reason = `A parameter name can have at most ${MAX_LEVELS} levels.`;
      throw new AwsError('HierarchyLevelLimitExceededException', reason);
    }
  }

  /**
   * Creates the parameter, or adds a version. Beyond 100 versions, the oldest one is deleted.
   * @throws AwsError for the errors of PutParameter
   */
  put(name: string, change: ParameterChange): Parameter {
    const existing = this.byName.get(name);
    const type = typeOf(change, existing);
    const tier = this.tierOf(change, existing);
    const allowedPattern = change.allowedPattern ?? existing?.allowedPattern;
    assertValue(change.value, tier, allowedPattern);
    const { versions: earlier = [] } = existing ?? {};
    const number = (earlier.at(-1)?.number ?? 0) + 1;
    const version = { number, value: change.value, modifiedAt: this.clock.now() };
    const parameter: Parameter = {
      name,
      arn: this.arnOf(name),
      type,
      tier,
      allowedPattern,
      tags: change.tags ?? existing?.tags ?? [],
      versions: [...earlier, version].slice(-MAX_VERSIONS),
    };
    this.byName.set(name, parameter);
    return parameter;
  }

  setTags(parameter: Parameter, tags: readonly Tag[]): void {
    this.byName.set(parameter.name, { ...parameter, tags });
  }

  delete(name: string): boolean {
    return this.byName.delete(name);
  }

  /** A name with a hierarchy starts with a slash, which is not repeated in the ARN. */
  arnOf(nameOrArn: string): string {
    if (nameOrArn.startsWith('arn:')) return nameOrArn;
    return regionalArn(this.account, 'ssm', `parameter/${nameOrArn.replace(/^\//, '')}`);
  }

  private tierOf({ value, tier, hasPolicies = false }: ParameterChange, existing: Parameter | undefined): Tier {
    const isFull = (one: Tier) => existing?.tier !== one && this.countOf(one) >= TIERS[one].parameters;
    if (existing?.tier === 'Advanced' && tier === 'Standard') {
      throw invalid("a parameter can't go back from the advanced to the standard tier");
    }
    if (tier === 'Standard' && hasPolicies) throw invalid('parameter policies need the advanced tier');
    const needsAdvanced = Buffer.byteLength(value) > TIERS.Standard.bytes || hasPolicies || isFull('Standard');
    const chosen = tier === 'Intelligent-Tiering' ? (needsAdvanced ? 'Advanced' : 'Standard') : (tier ?? 'Standard');
    const result = existing?.tier === 'Advanced' ? 'Advanced' : chosen;
    if (isFull(result)) {
      throw new AwsError('ParameterLimitExceeded', `there are ${TIERS[result].parameters} ${result} parameters`);
    }
    return result;
  }

  private countOf(tier: Tier): number {
    return [...this.byName.values()].filter((one) => one.tier === tier).length;
  }
}

function assertValue(value: string, tier: Tier, allowedPattern: string | undefined): void {
  const { bytes } = TIERS[tier];
  if (Buffer.byteLength(value) > bytes) {
    throw invalid(`${tier} tier parameters support a maximum parameter value of ${bytes} characters.`);
  }
  if (/\{\{.*\}\}/s.test(value)) throw invalid("a parameter value can't hold text in double brackets {{}}");
  if (allowedPattern !== undefined && !patternOf(allowedPattern).test(value)) {
    const reason = `Parameter value, cannot be validated against allowedPattern: ${allowedPattern}`;
    throw new AwsError('ParameterPatternMismatchException', reason);
  }
}

function typeOf({ type }: ParameterChange, existing: Parameter | undefined): ParameterType {
  const chosen = type ?? existing?.type;
  if (chosen === undefined) throw invalid('A parameter type is required when you create a parameter.');
  if (existing !== undefined && (chosen === 'SecureString') !== (existing.type === 'SecureString')) {
    throw new AwsError('HierarchyTypeMismatchException', `the parameter is a ${existing.type}, not a ${chosen}`);
  }
  return chosen;
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new AwsError('InvalidAllowedPatternException', `not a regular expression: ${text}`);
  }
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
