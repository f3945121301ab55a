package dev.switchlab.golden;

import java.util.List;

/** Mutants of fused primitives, most of them of gradients by hand. */
final class KernelMutants {

    private KernelMutants() {}

    static List<Mutant> all() {
        return List.of(
                Mutant.of(
                        "softmax's gradient without its row sum",
                        "nn/kernel/AttentionKernel.java",
                        "torch._softmax_backward_data(dp, own, -1, 6)",
                        "torch.mul(dp, own)"),
                Mutant.of(
                        "fused attention sees the future",
                        "nn/kernel/AttentionKernel.java",
                        "if len(mask) > 0:",
                        "if len(mask) > 1:"),
                Mutant.of(
                        "the query's gradient without 1/sqrt(W)",
                        "nn/kernel/AttentionKernel.java",
                        "return [torch.mul(torch.reshape(torch.select(parts, 1, 0), shape), scale),",
                        "return [torch.reshape(torch.select(parts, 1, 0), shape),"),
                Mutant.of(
                        "rotary's gradient turned the same way again",
                        "nn/kernel/AttentionKernel.java",
                        "self.turn_(dqkv, width, turn[0], turn[1], -1)",
                        "self.turn_(dqkv, width, turn[0], turn[1], 1)"),
                Mutant.of(
                        "each block of heads reads the first one's rows",
                        "nn/kernel/AttentionKernel.java",
                        "torch.narrow(qkv, 1, start, count)",
                        "torch.narrow(qkv, 1, 0, count)"),
                Mutant.of(
                        "layer norm's gradient without mean and deviation",
                        "nn/kernel/NormKernel.java",
                        "return [dx, dw, db]",
                        "return [torch.mul(torch.mul(dy, weight), saved[1]), dw, db]"),
                Mutant.of(
                        "an expert's data gradient without its gate",
                        "nn/kernel/ExpertsKernel.java",
                        "dh = torch.mul(dh, torch.narrow(saved[3], 0, start, count))",
                        "dh = torch.mul(dh, 1)"),
                Mutant.of(
                        "gelu's gradient at its output",
                        "nn/kernel/ExpertsKernel.java",
                        "torch.gelu_backward(dh, a)",
                        "torch.gelu_backward(dh, h)"),
                Mutant.of(
                        "a bias' gradient averaged over rows",
                        "nn/kernel/ExpertsKernel.java",
                        "torch.sum(dy, [0], out=own)",
                        "torch.mean(dy, [0], out=own)"),
                Mutant.of(
                        "an expert's last block alone gives its gradient",
                        "nn/kernel/ExpertsKernel.java",
                        "first = start == offsets[i]",
                        "first = True"),
                Mutant.of(
                        "a block of rows overlaps the next",
                        "nn/kernel/ExpertsKernel.java",
                        "start = start + rows",
                        "start = start + rows - rows // 512"),
                Mutant.of(
                        "the gate's gradient by the weighed output",
                        "nn/kernel/DispatchKernel.java",
                        "torch.sum(torch.mul(o, dy), [1])",
                        "torch.sum(torch.mul(torch.mul(o, torch.reshape(gates, [-1, 1])), dy), [1])"),
                Mutant.of(
                        "an expert's gradient without its token's gate",
                        "nn/kernel/DispatchKernel.java",
                        "do = torch.mul(dy, torch.reshape(gates, [-1, 1]))",
                        "do = torch.mul(dy, 1)"),
                Mutant.of(
                        "no gradient through tokens that pass through",
                        "nn/kernel/DispatchKernel.java",
                        "torch.index_copy_(dpairs, 0, dropped[0], torch.index_select(do, 0, dropped[0]))",
                        "torch.index_fill_(dpairs, 0, dropped[0], 0)"),
                Mutant.of(
                        "rows that fill up give gradients",
                        "nn/kernel/DispatchKernel.java",
                        "torch.index_fill_(dout, 0, fillers[0], 0)",
                        "dout = torch.mul(dout, 1)"),
                Mutant.of(
                        "no gradient through the residual connection", "nn/Pass.java", "            add(a, dy);\n", ""),
                Mutant.of(
                        "of two gradients the last one counts", "nn/Tape.java", "SumKernel.add(gradient, before);", ""),
                Mutant.of(
                        "clipped by the square of the excess",
                        "nn/kernel/GradientNorm.java",
                        "return torch.clamp(torch.div(torch.add(norm, eps), limit), 1.0)",
                        "return torch.square(torch.clamp(torch.div(torch.add(norm, eps), limit), 1.0))"),
                Mutant.of(
                        "step size without the root's correction",
                        "nn/kernel/AdamUpdate.java",
                        "numbers.rootCorrection() * numbers.stepSize(),",
                        "numbers.stepSize(),"),
                Mutant.of(
                        "Muon without Nesterov's look ahead",
                        "nn/kernel/MuonUpdate.java",
                        "torch.lerp(gradient, m[i], mu)",
                        "torch.clone(m[i])"),
                Mutant.of(
                        "Muon takes the experts of a layer for one matrix",
                        "nn/kernel/MuonUpdate.java",
                        "[-1, rows, columns]",
                        "[1, -1, columns]"),
                Mutant.of(
                        "Muon scaled by the smaller side",
                        "nn/kernel/MuonUpdate.java",
                        "max(rows, columns)",
                        "min(rows, columns)"));
    }
}
