#include "floe/format/schema.h"

#include <stdexcept>

namespace floe::schema {

namespace {

// A table that lists messages before it defines them needs the declaration first.
#include "floe/format/schema_data.inc"

consteval size_t index_of(std::string_view full_name) {
  for (size_t i = 0; i < std::size(kMessageNames); ++i)
    if (kMessageNames[i] == full_name) return i;
  throw std::logic_error("no such message");
}

}  // namespace

const MessageType* find_message(std::string_view full_name) {
  for (const MessageType& m : kMessages)
    if (m.full_name == full_name) return &m;
  return nullptr;
}

#define FLOE_MESSAGE(Name) constinit const MessageType& Name = kMessages[index_of("tensorflow." #Name)]
FLOE_MESSAGE(GraphDef);
FLOE_MESSAGE(NodeDef);
FLOE_MESSAGE(AttrValue);
FLOE_MESSAGE(NameAttrList);
FLOE_MESSAGE(TensorProto);
FLOE_MESSAGE(TensorShapeProto);
FLOE_MESSAGE(VersionDef);
FLOE_MESSAGE(FunctionDefLibrary);
FLOE_MESSAGE(FunctionDef);
FLOE_MESSAGE(GradientDef);
FLOE_MESSAGE(RegisteredGradient);
FLOE_MESSAGE(OpDef);
FLOE_MESSAGE(OpList);
FLOE_MESSAGE(ResourceHandleProto);
FLOE_MESSAGE(VariantTensorDataProto);
FLOE_MESSAGE(FullTypeDef);
FLOE_MESSAGE(ConfigProto);
FLOE_MESSAGE(GPUOptions);
FLOE_MESSAGE(GraphOptions);
FLOE_MESSAGE(RunOptions);
FLOE_MESSAGE(SavedModel);
FLOE_MESSAGE(MetaGraphDef);
FLOE_MESSAGE(SignatureDef);
FLOE_MESSAGE(TensorInfo);
FLOE_MESSAGE(SaverDef);
FLOE_MESSAGE(CollectionDef);
FLOE_MESSAGE(AssetFileDef);
FLOE_MESSAGE(SavedObjectGraph);
FLOE_MESSAGE(SavedObject);
FLOE_MESSAGE(StructuredValue);
FLOE_MESSAGE(TrackableObjectGraph);
FLOE_MESSAGE(BundleHeaderProto);
FLOE_MESSAGE(BundleEntryProto);
FLOE_MESSAGE(TensorSliceProto);
#undef FLOE_MESSAGE

constinit const EnumType& DataType = kEnum_DataType;

}  // namespace floe::schema
