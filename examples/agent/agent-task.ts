import { Duration } from 'aws-cdk-lib';
import {
  ContainerDependencyCondition,
  type ContainerImage,
  FargateTaskDefinition,
  LogDrivers,
} from 'aws-cdk-lib/aws-ecs';
import type { MtlsServiceMesh } from 'cdk-mtls-service-mesh';
import { Construct } from 'constructs';

export interface AgentTaskProps {
  readonly mesh: MtlsServiceMesh;
  /** The name of the client that the app is. */
  readonly clientName: string;
  /** Of the Dockerfile beside this file. */
  readonly agentImage: ContainerImage;
  /** Reads its certificate from `/etc/mtls-mesh/<client name>`, as the user 1000, which the agent's image has too. */
  readonly appImage: ContainerImage;
}

/** A task of ECS whose app has its certificate in files: from the start by a first container, and kept by another one. */
export class AgentTask extends Construct {
  readonly taskDefinition: FargateTaskDefinition;

  constructor(scope: Construct, id: string, { mesh, clientName, agentImage, appImage }: AgentTaskProps) {
    super(scope, id);

    const volume = { name: 'certificates' };
    const taskDefinition = new FargateTaskDefinition(this, 'Task', {
      cpu: 256,
      memoryLimitMiB: 512,
      volumes: [volume],
    });
    mesh.addClient(clientName).grantRead(taskDefinition.taskRole);

    const files = `/etc/mtls-mesh/${clientName}`;
    const command = ['--mesh', mesh.trustDomain, '--client', `${clientName}=${files}`, '--log-format', 'json'];
    const logging = (streamPrefix: string) => LogDrivers.awsLogs({ streamPrefix });
    const mountPoint = { sourceVolume: volume.name, containerPath: '/etc/mtls-mesh' };

    const first = taskDefinition.addContainer('FirstCertificate', {
      image: agentImage,
      command: [...command, '--once'],
      essential: false,
      logging: logging('first-certificate'),
    });
    const agent = taskDefinition.addContainer('Agent', {
      image: agentImage,
      command: [...command, '--listen', '127.0.0.1:9099'],
      healthCheck: {
        command: [
          'CMD',
          'node',
          '-e',
          "fetch('http://127.0.0.1:9099/health').then(({ ok }) => process.exit(ok ? 0 : 1))",
        ],
        startPeriod: Duration.seconds(30),
      },
      logging: logging('agent'),
    });
    const app = taskDefinition.addContainer('App', { image: appImage, logging: logging('app') });

    first.addMountPoints({ ...mountPoint, readOnly: false });
    agent.addMountPoints({ ...mountPoint, readOnly: false });
    app.addMountPoints({ ...mountPoint, readOnly: true });
    for (const container of [agent, app]) {
      container.addContainerDependencies({ container: first, condition: ContainerDependencyCondition.SUCCESS });
    }
    this.taskDefinition = taskDefinition;
  }
}
