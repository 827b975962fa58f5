import Foundation

/// A Job for Kubernetes: pods that work until the search has ended.
///
/// Without `completions` a Job is a work queue: a pod that succeeds says that there is no more to do, and no new ones
/// are made. So a worker that is stopped early exits with 130, which the pod failure policy replaces and counts as no
/// failure, as it does pods of nodes that are drained or preempted.
/// https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy
struct KubernetesJob {
    /// The workers.
    var workers: LaunchedWorkers
    /// The image that holds `ads`.
    var image: String
    /// The secret with `pgpass`, and with `root.crt` where the server's certificate is checked by one.
    var secret: String

    /// Where the secret lies in a pod.
    static let folder = "/run/secrets/ads"
    /// Seconds a pod has to give its child back.
    static let grace = 60

    /// The manifest.
    var text: String {
        """
        # \(workers.count) worker\(workers.count == 1 ? "" : "s") of the study \(workers.comment). Its secret first, then the Job:
        #   kubectl create secret generic \(secret) --from-file=pgpass=$HOME/.pgpass --from-file=root.crt=$HOME/.postgresql/root.crt
        #   kubectl apply -f THIS-FILE
        # Data must be in the image or mounted\(workers.dataFolder.map { " at \($0.split(whereSeparator: \.isNewline).joined())" } ?? ""). Workers that run as another user than root need
        # a copy of pgpass that is their own alone (mode 0600): libpq reads no other.
        apiVersion: batch/v1
        kind: Job
        metadata:
          name: \(workers.name)
        spec:
          parallelism: \(workers.count)
          backoffLimit: \(max(6, workers.count))
          podFailurePolicy:
            rules:
              - action: FailJob
                onExitCodes:
                  containerName: worker
                  operator: In
                  values: [64]
              - action: Ignore
                onExitCodes:
                  containerName: worker
                  operator: In
                  values: [130]
              - action: Ignore
                onPodConditions:
                  - type: DisruptionTarget
                    status: "True"
          template:
            metadata:
              labels:
                app: \(workers.name)
            spec:
              restartPolicy: Never
              terminationGracePeriodSeconds: \(Self.grace)
              containers:
                - name: worker
                  image: \(Self.string(image))
                  command:
        \(workers.words.map { "            - \(Self.string($0))" }.joined(separator: "\n"))
                  env:
                    - name: PGPASSFILE
                      value: \(Self.folder)/pgpass
                    - name: PGSSLROOTCERT
                      value: \(Self.folder)/root.crt
                  resources:
                    requests:
                      cpu: "\(workers.cores)"
                      memory: 2Gi
                  volumeMounts:
                    - name: database
                      mountPath: \(Self.folder)
                      readOnly: true
              volumes:
                - name: database
                  secret:
                    secretName: \(secret)
                    defaultMode: 0400

        """
    }

    /// A string of YAML, which reads JSON's.
    private static func string(_ text: String) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        // A string has no numbers that JSON lacks.
        return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }

    /// For `transform:` of an option: a name as Kubernetes has them (RFC 1123).
    @Sendable static func name(_ text: String) throws -> String {
        guard text.wholeMatch(of: /[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/) != nil else {
            throw RangeError("small letters, digits, hyphens and dots are needed, 253 at most")
        }
        return text
    }
}
