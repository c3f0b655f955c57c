package io.virtualimage.sandbox.components;

import java.nio.file.Path;
import java.util.List;

/** kube-controller-manager beside an API server, with the controllers that need no node and no cloud. */
final class ControllerManager implements RunningComponent {

    private static final List<String> CONTROLLERS = List.of(
            "job-controller",
            "ttl-after-finished-controller",
            "resourcequota-controller",
            "garbage-collector-controller",
            "namespace-controller",
            "persistentvolume-binder-controller",
            "persistentvolume-protection-controller",
            "persistentvolumeclaim-protection-controller");

    private final LocalProcess process;
    private final String description;

    private ControllerManager(LocalProcess process, String description) {
        this.process = process;
        this.description = description;
    }

    /** Starts it and returns at once: it catches up with whatever happened before it was ready. */
    static ControllerManager start(Path folder, Path kubeconfig) {
        Path program = Component.KUBE_CONTROLLER_MANAGER.program();
        List<String> command = List.of(
                program.toString(),
                "--kubeconfig=" + kubeconfig,
                "--controllers=" + String.join(",", CONTROLLERS),
                "--leader-elect=false",
                "--secure-port=0",
                "--profiling=false");
        LocalProcess process = LocalProcess.start(new LocalProcess.Program(
                "kube-controller-manager", folder.resolve("kube-controller-manager.log"), command));
        return new ControllerManager(
                process, "kube-controller-manager " + Component.KUBE_CONTROLLER_MANAGER.versionOf(program));
    }

    @Override
    public String describe() {
        return description;
    }

    @Override
    public void close() {
        process.close();
    }
}
