package io.virtualimage.disk.fuzz;

import java.io.IOException;

/** What the engine calls, by reflection: it wants static methods of these names. */
public final class FuzzEntry {
    private static FuzzTarget target = FuzzTarget.INSPECT;

    private FuzzEntry() {}

    /** Once, with the arguments that were given for it: the name of the target. */
    public static void fuzzerInitialize(String[] arguments) {
        target = FuzzTarget.ofKey(arguments[0]);
    }

    /** For each input; whatever it throws is a finding. */
    public static void fuzzerTestOneInput(byte[] input) throws IOException {
        var _ = target.run(input);
    }
}
