package io.virtualimage.sandbox.nodes;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code $(NAME)} in a container's command, arguments and variables, as Kubernetes expands it: an unknown name stays as
 * it is written, and {@code $$} stands for {@code $}, also within a shell's script.
 */
final class VariableExpansion {
    private VariableExpansion() {}

    static String expand(String text, Map<String, String> variables) {
        StringBuilder expanded = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            char first = text.charAt(at);
            char second = at + 1 < text.length() ? text.charAt(at + 1) : 0;
            int end = second == '(' ? text.indexOf(')', at + 2) : -1;
            if (first == '$' && second == '$') {
                expanded.append('$');
                at += 2;
            } else if (first == '$' && end > 0) {
                @Nullable String value = variables.get(text.substring(at + 2, end));
                expanded.append(value == null ? text.substring(at, end + 1) : value);
                at = end + 1;
            } else {
                expanded.append(first);
                at++;
            }
        }
        return expanded.toString();
    }
}
