package io.virtualimage.sandbox.nodes;

import io.fabric8.kubernetes.api.model.Container;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a container comes down to on this machine.
 *
 * @param command the program and its arguments
 * @param environment all of its variables
 */
record Launch(List<String> command, Map<String, String> environment) {
    Launch {
        command = List.copyOf(command);
        environment = Map.copyOf(environment);
    }

    /**
     * A variable of the container's own.
     *
     * @param expandable whether {@code $(NAME)} in it stands for a variable before it: so in what is written in the Pod,
     *     not in what it refers to
     */
    record Variable(String name, String value, boolean expandable) {}

    /**
     * Expands variables first and replaces paths last, so that a replaced path is never looked at again.
     *
     * @param image variables that an image would bring along; the container's own win
     * @throws UnsupportedPodException if the container leaves its command to the image
     */
    static Launch of(Container container, Map<String, String> image, List<Variable> variables, MountPaths paths) {
        if (container.getCommand().isEmpty()) {
            throw new UnsupportedPodException("container " + container.getName()
                    + " has no command: images are never pulled here, so their entry points aren't known");
        }
        if (container.getWorkingDir() != null && !container.getWorkingDir().isEmpty()) {
            throw new UnsupportedPodException("container " + container.getName() + " asks for a working directory");
        }
        Map<String, String> own = new LinkedHashMap<>();
        for (Variable variable : variables) {
            String value = variable.value();
            own.put(variable.name(), variable.expandable() ? VariableExpansion.expand(value, own) : value);
        }
        List<String> command = new ArrayList<>();
        Stream.concat(container.getCommand().stream(), container.getArgs().stream())
                .map(word -> paths.onThisMachine(VariableExpansion.expand(word, own)))
                .forEach(command::add);
        Map<String, String> environment = new LinkedHashMap<>(image);
        own.forEach((name, value) -> environment.put(name, paths.onThisMachine(value)));
        return new Launch(command, environment);
    }
}
