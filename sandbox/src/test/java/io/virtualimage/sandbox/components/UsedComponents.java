package io.virtualimage.sandbox.components;

import java.io.PrintStream;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

/** Which real components a test class ran on. */
public final class UsedComponents {

    private final Set<String> descriptions = Collections.synchronizedSet(new LinkedHashSet<>());

    /** Notes the component, and hands it back. */
    public <C extends RunningComponent> C add(C component) {
        descriptions.add(component.describe());
        return component;
    }

    void print(String suite, PrintStream out) {
        String all = descriptions.isEmpty() ? "none" : String.join(", ", descriptions);
        out.println("[components] " + suite + ": " + all);
    }
}
