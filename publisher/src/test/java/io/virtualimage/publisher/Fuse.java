package io.virtualimage.publisher;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/**
 * Does something at the n-th effect, counted before and after each call of a port: a crash, or what others do while a
 * worker is paused. With n = 0 it only counts.
 */
final class Fuse {
    private final int at;
    private final Runnable deed;
    private int effects;

    Fuse(int at, Runnable deed) {
        this.at = at;
        this.deed = deed;
    }

    /** A process that is killed there. */
    static Fuse crash(int at) {
        return new Fuse(at, () -> {
            throw new Crash();
        });
    }

    static Fuse none() {
        return new Fuse(0, () -> {});
    }

    /** No code of ours catches this, as none sees a SIGKILL. */
    static final class Crash extends Error {
        private static final long serialVersionUID = 1;

        Crash() {
            super("killed here");
        }
    }

    boolean burnt() {
        return at > 0 && effects >= at;
    }

    void burn() {
        effects++;
        if (effects == at) {
            deed.run();
        }
    }

    /** The same port, with every call an effect. */
    <T> T on(Class<T> port, T target) {
        InvocationHandler handler = (proxy, method, arguments) -> {
            if (method.isDefault()) {
                return InvocationHandler.invokeDefault(proxy, method, arguments); // its calls count
            }
            burn();
            Object result;
            try {
                result = method.invoke(target, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
            burn();
            return result;
        };
        return port.cast(Proxy.newProxyInstance(port.getClassLoader(), new Class<?>[] {port}, handler));
    }
}
