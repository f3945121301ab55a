# Tensors of any shape to one row of numbers, and back.
def pack(self, tensors: List[Tensor]) -> Tensor:
  flat = annotate(List[Tensor], [])
  for tensor in tensors:
    flat.append(torch.flatten(tensor))
  return torch.cat(flat)
def pack_doubles(self, tensors: List[Tensor]) -> Tensor:
  flat = annotate(List[Tensor], [])
  for tensor in tensors:
    flat.append(torch.flatten(torch.to(tensor, 7)))
  return torch.cat(flat)
# The parts of a row, each of the shape of a tensor in shaped.
def unpack(self, flat: Tensor, shaped: List[Tensor]) -> List[Tensor]:
  parts = annotate(List[Tensor], [])
  at = 0
  for own in shaped:
    n = torch.numel(own)
    parts.append(torch.reshape(torch.narrow(flat, 0, at, n), torch.size(own)))
    at = torch.add(at, n)
  return parts
